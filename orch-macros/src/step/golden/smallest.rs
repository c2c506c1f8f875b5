fn price() {}
const _: () = {
    use ::orch::__private as __p;
    impl __p::Step for price<'static> {
        type Output = ();
        type Error = __p::Never;
        type Reuse = __p::Once;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: ::core::concat!(::core::module_path!(), "::price"),
            version: "cfc093d17315f0ef",
            ..__p::StepSpec::new("price")
        };
    }
    impl price<'_> {
        #[doc(hidden)]
        pub fn call(
            self,
        ) -> impl __p::Future<Output = __p::CalledOf<price<'static>>> + __p::Send {
            async move { __p::Called::Value(price()) }
        }
    }
};
#[doc(hidden)]
struct price<'__orch> {
    #[doc(hidden)]
    pub __orch: &'__orch ::orch::__private::Cx,
}
