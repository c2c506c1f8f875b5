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
    struct __M(
        __p::Box<
            dyn __p::Fn(&[Item], u32) -> io::Result<Reservation> + __p::Send + __p::Sync,
        >,
    );
    impl __p::Step for reserve<'_> {
        type Output = __p::OkOf<io::Result<Reservation>>;
        type Error = __p::ErrOf<io::Result<Reservation>>;
        type Kind = __p::Fallible;
        type Reuse = __p::Once;
        type Needs = (__p::Need<Pool>, (__p::Need<dyn Mailer + Send + Sync>, ()));
        const SPEC: __p::StepSpec = {
            use __p::*;
            StepSpec {
                function: ::core::concat!(::core::module_path!(), "::reserve"),
                description: "Reserves stock.\n\nAll or nothing.",
                version: "26c6cbcba0228562",
                params: &[
                    ParamSpec {
                        name: "items",
                        ty: "&[Item]",
                    },
                    ParamSpec {
                        name: "count",
                        ty: "u32",
                    },
                ],
                output: "Reservation",
                fallible: true,
                asynchronous: true,
                ..StepSpec::new("reserve")
            }
        };
    }
    #[doc(hidden)]
    impl reserve<'_> {
        pub fn call(
            self,
            items: &[Item],
            count: u32,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                __p::called(
                    match self.__cx.mock::<__M>() {
                        __p::Some(mock) => mock.0(items, count),
                        _ => {
                            reserve(
                                    items,
                                    count,
                                    self.__cx.resource::<Pool>(),
                                    self.__cx.resource::<dyn Mailer + Send + Sync>(),
                                    self.__cx.ctx(),
                                )
                                .await
                        }
                    },
                )
            }
        }
        pub fn mock(
            f: impl __p::Fn(
                &[Item],
                u32,
            ) -> io::Result<Reservation> + __p::Send + __p::Sync + 'static,
        ) -> __p::Mock {
            __p::Mock::new(__M(__p::Box::new(f)))
        }
    }
};
#[doc(hidden)]
pub(crate) struct reserve<'a> {
    #[doc(hidden)]
    pub __cx: &'a ::orch::__private::Cx,
}
