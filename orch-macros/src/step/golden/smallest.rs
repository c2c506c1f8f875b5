fn price() {}
::orch::__private::step! {
    [] [] impl price[] [()] [type Output = (); type Error = __p::Never; type Kind =
    __p::Infallible;] Once[()] ["price" "cfc093d17315f0ef" "::price"[]] (self,) [impl
    __p::Future < Output = __p::CalledOf < Self >> + __p::Send] { __p::testing!(let mock
    = self.cx.mock:: < __M > ();); async move { __p::Called::Value(__p::mocked!(mock, (),
    price())) } }
}
