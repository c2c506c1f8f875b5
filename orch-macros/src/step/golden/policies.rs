pub async fn fetch_rates(
    day: Date,
    http: &Client,
    ctx: &StepCtx,
) -> Result<Rates, HttpError> {
    http.get(day).await
}
::orch::__private::step! {
    [] [pub] impl fetch_rates[__p::wants_cache!(); __p::wants_rate_limit!();] [(Date) ->
    Result < Rates, HttpError >] [type Output = __p::OkOf < Result < Rates, HttpError >
    >; type Error = __p::ErrOf < Result < Rates, HttpError > >; type Kind =
    __p::Fallible; const CACHING : __p::CachingOf < Self > = < Self::Output as
    __p::Cacheable > ::CACHING; __p::kept!();] Anew[(__p::Need < Client >, ())]
    ["fetch-rates" "6fe87485e8160219" "::fetch_rates"["day" : "Date"] output : "Rates",
    fallible : true, asynchronous : true, policies : { use __p::plan:: *; Policies {
    retries : Some(3), cache : Some(CachePolicy { ttl : Some(Duration::from_secs(600)),
    tags : & ["rates"] }), rate_limit : Some(RateLimit { permits : 50, period :
    Duration::from_secs(1), burst : 1, name : None }), ..Policies::NONE } },
    reads_arguments : true,] (self, day : Date) [impl __p::Future < Output =
    __p::CalledOf < Self >> + __p::Send] { async move { if let __p::Some(it) = self.cx
    .instead:: < Self > (| f | { f.cache_key =
    __p::cache_key(::core::format_args!("rates:{}", day)) }) { return it; }
    __p::called_if(__p::mocked!(self.cx.mock:: < __M > (), (day), fetch_rates(day, self
    .cx.resource:: < Client > (), self.cx.ctx()). await), | e | transient(e)) } }
}
