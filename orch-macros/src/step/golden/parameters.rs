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
    __p::mock!(reserve, (& [Item], u32) -> io::Result < Reservation >);
    impl __p::Step for reserve<'_> {
        type Output = __p::OkOf<io::Result<Reservation>>;
        type Error = __p::ErrOf<io::Result<Reservation>>;
        type Kind = __p::Fallible;
        type Reuse = __p::Once;
        type Needs = (__p::Need<Pool>, (__p::Need<dyn Mailer + Send + Sync>, ()));
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: __p::concat!(__p::module_path!(), "::reserve"),
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
        pub fn call(
            self,
            items: &[Item],
            count: u32,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                __p::called(
                    __p::mocked!(
                        self.cx.mock:: < __M > (), (items, count), reserve(items, count,
                        self.cx.resource:: < Pool > (), self.cx.resource:: < dyn Mailer +
                        Send + Sync > (), self.cx.ctx()). await
                    ),
                )
            }
        }
    }
};
#[doc(hidden)]
pub(crate) struct reserve<'a> {
    pub cx: &'a ::orch::__private::Cx,
}
