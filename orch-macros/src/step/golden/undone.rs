pub async fn reserve(items: &[Item], hold: bool) -> Result<Reservation, StockError> {
    stock(items, hold).await
}
::orch::__private::step! {
    [] [pub] impl reserve[__p::wants_json!(); type __U < 'a > = stock::release < 'a >;
    const _ : () = __p::undoes:: < __U < 'static >> ();] [(& [Item], bool) -> Result <
    Reservation, StockError >] [type Output = __p::OkOf < Result < Reservation,
    StockError > >; type Error = __p::ErrOf < Result < Reservation, StockError > >; type
    Kind = __p::Fallible; const COMPENSATING : __p::Compensating < Self::Output > = <
    Self::Output as __p::Undoable > ::COMPENSATING;] Anew[< __U < 'static > as __p::Step
    > ::Needs] ["reserve" "c9044ae4a213529f" "::reserve"["items" : "&[Item]" "hold" :
    "bool"] output : "Reservation", fallible : true, asynchronous : true, compensation :
    __p::Some(& < __U as __p::Step > ::SPEC), checkpoint : { use __p::plan:: *;
    Some(Checkpoint { approvers : & ["ops", "legal"], expires :
    Some(Duration::from_secs(172800)), on_expire : OnExpire::Approve, }) },] (self, items
    : & [Item], hold : bool) [impl __p::Future < Output = __p::CalledOf < Self >> +
    __p::Send] { async move { if let __p::Some(mut it) = self.cx.undoing:: < Self > () {
    let undo = __U { cx : self.cx }; return __p::undone:: < Self, __U < '_ >> (undo
    .call(__p::told(& mut it), items, hold). await); } __p::called(__p::mocked!(self.cx
    .mock:: < __M > (), (items, hold), reserve(items, hold). await)) } }
}
