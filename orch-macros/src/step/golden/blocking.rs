#[cfg(unix)]
#[expect(clippy::needless_pass_by_value, reason = "the step owns it")]
fn crunch(numbers: Vec<u64>) -> u64 {
    numbers.iter().sum()
}
#[cfg(unix)]
#[allow(clippy::needless_pass_by_value, reason = "the step owns it")]
const _: () = {
    use ::orch::__private as __p;
    __p::mock!(crunch, (Vec < u64 >) -> u64);
    impl __p::Step for crunch<'_> {
        type Output = u64;
        type Error = __p::Never;
        type Kind = __p::Infallible;
        type Reuse = __p::Once;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: __p::concat!(__p::module_path!(), "::crunch"),
            version: "7c5c89f4fe74c483",
            params: &[
                __p::ParamSpec {
                    name: "numbers",
                    ty: "Vec<u64>",
                },
            ],
            output: "u64",
            blocking: true,
            idempotent: false,
            ..__p::StepSpec::new("crunch")
        };
    }
    impl crunch<'_> {
        pub fn call(
            self,
            numbers: Vec<u64>,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                __p::Called::Value(
                    __p::mocked!(
                        self.cx.mock:: < __M > (), (numbers), __p::blocking(move ||
                        crunch(numbers)). await
                    ),
                )
            }
        }
    }
};
#[cfg(unix)]
#[doc(hidden)]
struct crunch<'a> {
    pub cx: &'a ::orch::__private::Cx,
}
