/// Reserves stock.
///
/// All or nothing.
pub(crate) async fn reserve(
    items: &[Item],
    mut count: u32,
    db: &Pool,
    mail: &(dyn Mailer + Send + Sync),
    ctx: &StepCtx,
) -> io::Result<Reservation> {
    db.reserve(items, count).await
}
const _: () = {
    use ::orch::__private as __p;
    impl __p::Step for reserve<'static> {
        type Output = <io::Result<Reservation> as __p::ResultType>::Ok;
        type Error = <io::Result<Reservation> as __p::ResultType>::Err;
        type Reuse = __p::Once;
        type Needs = (__p::Need<Pool>, (__p::Need<dyn Mailer + Send + Sync>, ()));
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: ::core::concat!(::core::module_path!(), "::reserve"),
            description: "Reserves stock.\n\nAll or nothing.",
            version: "26c6cbcba0228562",
            params: &[
                __p::ParamSpec {
                    name: "items",
                    ty: "&[Item]",
                },
                __p::ParamSpec {
                    name: "count",
                    ty: "u32",
                },
            ],
            output: "Reservation",
            fallible: true,
            asynchronous: true,
            ..__p::StepSpec::new("reserve")
        };
    }
    impl reserve<'_> {
        #[doc(hidden)]
        pub fn call(
            self,
            items: &[Item],
            count: u32,
        ) -> impl __p::Future<Output = __p::CalledOf<reserve<'static>>> + __p::Send {
            async move {
                __p::called(
                    reserve(
                            items,
                            count,
                            self.__orch.resource::<Pool>(),
                            self.__orch.resource::<dyn Mailer + Send + Sync>(),
                            self.__orch.ctx(),
                        )
                        .await,
                )
            }
        }
    }
};
#[doc(hidden)]
pub(crate) struct reserve<'__orch> {
    #[doc(hidden)]
    pub __orch: &'__orch ::orch::__private::Cx,
}
