pub async fn reserve(items: &[Item], hold: bool) -> Result<Reservation, StockError> {
    stock(items, hold).await
}
const _: () = {
    use ::orch::__private as __p;
    __p::wants_json!(compensate);
    type __U<'a> = stock::release<'a>;
    const _: () = __p::undoes::<__U<'static>>();
    __p::mock!(reserve, (& [Item], bool) -> Result < Reservation, StockError >);
    impl __p::Step for reserve<'_> {
        type Output = __p::OkOf<Result<Reservation, StockError>>;
        type Error = __p::ErrOf<Result<Reservation, StockError>>;
        type Kind = __p::Fallible;
        type Reuse = __p::Anew;
        type Needs = <__U<'static> as __p::Step>::Needs;
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: __p::concat!(__p::module_path!(), "::reserve"),
            version: "c9044ae4a213529f",
            params: &[
                __p::ParamSpec {
                    name: "items",
                    ty: "&[Item]",
                },
                __p::ParamSpec {
                    name: "hold",
                    ty: "bool",
                },
            ],
            output: "Reservation",
            fallible: true,
            asynchronous: true,
            compensation: __p::Some(&<__U as __p::Step>::SPEC),
            checkpoint: {
                use __p::plan::*;
                Some(Checkpoint {
                    approvers: &["ops", "legal"],
                    expires: Some(Duration::from_secs(172800)),
                    on_expire: OnExpire::Approve,
                })
            },
            ..__p::StepSpec::new("reserve")
        };
        const COMPENSATING: __p::Compensating<Self::Output> = <Self::Output as __p::Undoable>::COMPENSATING;
    }
    impl reserve<'_> {
        pub fn call(
            self,
            items: &[Item],
            hold: bool,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                if let __p::Some(mut it) = self.cx.undoing::<Self>() {
                    let undo = __U { cx: self.cx };
                    return __p::undone::<
                        Self,
                        __U<'_>,
                    >(undo.call(__p::told(&mut it), items, hold).await);
                }
                __p::called(
                    __p::mocked!(
                        self.cx.mock:: < __M > (), (items, hold), reserve(items, hold).
                        await
                    ),
                )
            }
        }
    }
};
#[doc(hidden)]
pub struct reserve<'a> {
    pub cx: &'a ::orch::__private::Cx,
}
