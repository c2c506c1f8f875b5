#[cfg(unix)]
#[expect(clippy::needless_pass_by_value, reason = "the step owns it")]
fn crunch(numbers: Vec<u64>) -> u64 {
    numbers.iter().sum()
}
::orch::__private::step! {
    [#[cfg(unix)] #[allow(clippy::needless_pass_by_value, reason = "the step owns it")]]
    [] impl crunch[] [(Vec < u64 >) -> u64] [type Output = u64; type Error = __p::Never;
    type Kind = __p::Infallible;] Once[()] ["crunch" "7c5c89f4fe74c483"
    "::crunch"["numbers" : "Vec<u64>"] output : "u64", blocking : true, idempotent :
    false,] (self, numbers : Vec < u64 >) [impl __p::Future < Output = __p::CalledOf <
    Self >> + __p::Send] { async move { __p::Called::Value(__p::mocked!(self.cx.mock:: <
    __M > (), (numbers), __p::blocking(move || crunch(numbers)). await)) } }
}
