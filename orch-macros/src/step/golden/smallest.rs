fn price() {}
const _: () = {
    use ::orch::__private as __p;
    __p::mock!(price, ());
    impl __p::Step for price<'_> {
        type Output = ();
        type Error = __p::Never;
        type Kind = __p::Infallible;
        type Reuse = __p::Once;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: __p::concat!(__p::module_path!(), "::price"),
            version: "cfc093d17315f0ef",
            ..__p::StepSpec::new("price")
        };
    }
    impl price<'_> {
        pub fn call(self) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            __p::testing!(let mock = self.cx.mock:: < __M > (););
            async move { __p::Called::Value(__p::mocked!(mock, (), price())) }
        }
    }
};
#[doc(hidden)]
struct price<'a> {
    pub cx: &'a ::orch::__private::Cx,
}
