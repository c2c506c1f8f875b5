//! What `#[step]` and `workflow!` leave to `macro_rules!`.
//!
//! The compiler writes tokens out by itself far faster than a procedural macro does, as that is built without
//! optimization in the crates of those who use it.
//! What an error may point at is not written here but handed in, with the place that the user knows.

/// The description and the call of a step, and the hidden struct beside its function.
///
/// In order: what stands before its items; how the struct is seen, and its name; what else is in its block; what its
/// stand-in takes and gives; its types; whether arguments are asked for anew; its resources; its name, its version and
/// so on as its plan has them; and its call.
#[doc(hidden)]
#[macro_export]
macro_rules! __step {
    (
        [$($attribute:tt)*] [$($visibility:tt)*] $implement:tt $step:ident
        [$($before:tt)*] [$($mocked:tt)*]
        [$($described:tt)*] $reuse:ident [$needs:ty]
        [$name:literal $version:literal $function:literal [$($param:literal: $ty:literal)*] $($field:tt)*]
        ($self:ident, $($params:tt)*) [$($future:tt)*] $call:tt
    ) => {
        $($attribute)*
        const _: () = {
            use $crate::__private as __p;
            $($before)*
            __p::mock!($step, $($mocked)*);
            $implement __p::Step for $step<'_> {
                $($described)*
                type Reuse = __p::$reuse;
                type Needs = $needs;
                const SPEC: __p::StepSpec = __p::StepSpec {
                    function: __p::concat!(__p::module_path!(), $function),
                    version: $version,
                    params: &[$(__p::ParamSpec { name: $param, ty: $ty }),*],
                    $($field)*
                    ..__p::StepSpec::new($name)
                };
            }
            $implement $step<'_> {
                pub fn call($self, $($params)*) -> $($future)* $call
            }
        };
        $($attribute)*
        #[doc(hidden)]
        $($visibility)* struct $step<'a> {
            pub cx: &'a $crate::__private::Cx,
        }
    };
}

/// The functions of the nodes of a scope that call one step each.
///
/// Of each: its name and its step, the name for the scope's slots where any is read, bindings of what is read, what ends
/// the attempt, the call, and the slot of the value.
#[doc(hidden)]
#[macro_export]
macro_rules! __calls {
    ($cx:ident $slots:ident $async:tt $move:tt $(
        $function:ident $step:ident [$($values:ident)?] [$($let:tt)*]
        [$($attempted:tt)*] [$($call:tt)*] $slot:ident;
    )*) => {$(
        fn $function($cx: __p::Cx) -> __p::Started {
            let $cx = __p::held($cx);
            __p::start(__p::suspends::<$step>(), $async $move {
                let $cx = &$cx;
                $(let $values = $cx.up::<$slots>(0);)?
                $($let)*
                $($attempted)*($($call)*, $cx, &$cx.up::<$slots>(0).$slot)
            })
        }
    )*};
}

/// Adds the resources that steps and workflows want to a list.
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_of {
    ($list:ident $($needs:ident $callee:ident)*) => { $(__p::$needs::<$callee>($list);)* };
}
