pub async fn reserve(items: &[Item], hold: bool) -> Result<Reservation, StockError> {
    stock(items, hold).await
}
const _: () = {
    use ::orch::__private as __p;
    type __U<'a> = stock::release<'a>;
    const _: () = __p::undoes::<__U<'static>>();
    struct __M(
        __p::Box<
            dyn __p::Fn(
                &[Item],
                bool,
            ) -> Result<Reservation, StockError> + __p::Send + __p::Sync,
        >,
    );
    impl __p::Step for reserve<'_> {
        type Output = __p::OkOf<Result<Reservation, StockError>>;
        type Error = __p::ErrOf<Result<Reservation, StockError>>;
        type Kind = __p::Fallible;
        type Reuse = __p::Anew;
        type Needs = <__U<'static> as __p::Step>::Needs;
        const SPEC: __p::StepSpec = {
            use __p::*;
            StepSpec {
                function: ::core::concat!(::core::module_path!(), "::reserve"),
                version: "c9044ae4a213529f",
                params: &[
                    ParamSpec {
                        name: "items",
                        ty: "&[Item]",
                    },
                    ParamSpec {
                        name: "hold",
                        ty: "bool",
                    },
                ],
                output: "Reservation",
                fallible: true,
                asynchronous: true,
                compensation: Some(&<__U as Step>::SPEC),
                checkpoint: Some(Checkpoint {
                    approvers: &["ops", "legal"],
                    expires: Some(Duration::from_secs(172800)),
                    on_expire: OnExpire::Approve,
                }),
                ..StepSpec::new("reserve")
            }
        };
        const COMPENSATING: __p::Compensating<Self::Output> = <Self::Output as __p::Undoable>::COMPENSATING;
    }
    #[doc(hidden)]
    impl reserve<'_> {
        pub fn call(
            self,
            items: &[Item],
            hold: bool,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                if let __p::Some(mut it) = self.__cx.undoing::<Self>() {
                    let undo = __U { __cx: self.__cx };
                    return __p::undone::<
                        Self,
                        __U<'_>,
                    >(undo.call(__p::told(&mut it), items, hold).await);
                }
                __p::called(
                    match self.__cx.mock::<__M>() {
                        __p::Some(mock) => mock.0(items, hold),
                        _ => reserve(items, hold).await,
                    },
                )
            }
        }
        pub fn mock(
            f: impl __p::Fn(
                &[Item],
                bool,
            ) -> Result<Reservation, StockError> + __p::Send + __p::Sync + 'static,
        ) -> __p::Mock {
            __p::Mock::new(__M(__p::Box::new(f)))
        }
    }
};
#[doc(hidden)]
pub struct reserve<'a> {
    #[doc(hidden)]
    pub __cx: &'a ::orch::__private::Cx,
}
