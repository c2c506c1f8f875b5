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
::orch::__private::step! {
    [] [pub (crate)] impl reserve[] [(& [Item], u32) -> io::Result < Reservation >] [type
    Output = __p::OkOf < io::Result < Reservation > >; type Error = __p::ErrOf <
    io::Result < Reservation > >; type Kind = __p::Fallible;] Once[(__p::Need < Pool >,
    (__p::Need < dyn Mailer + Send + Sync >, ()))] ["reserve" "26c6cbcba0228562"
    "::reserve"["items" : "&[Item]" "count" : "u32"] description :
    "Reserves stock.\n\nAll or nothing.", output : "Reservation", fallible : true,
    asynchronous : true,] (self, items : & [Item], count : u32) [impl __p::Future <
    Output = __p::CalledOf < Self >> + __p::Send] { async move {
    __p::called(__p::mocked!(self.cx.mock:: < __M > (), (items, count), reserve(items,
    count, self.cx.resource:: < Pool > (), self.cx.resource:: < dyn Mailer + Send + Sync
    > (), self.cx.ctx()). await)) } }
}
