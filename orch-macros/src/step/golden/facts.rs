fn step2(user: &str, prompt: String) -> Answer {
    answer(user, prompt)
}
my_orch::__private::step! {
    [] [] impl step2[__p::wants_cache!(); __p::wants_rate_limit!();] [(& str, String) ->
    Answer] [type Output = Answer; type Error = __p::Never; type Kind = __p::Bounded;
    const CACHING : __p::CachingOf < Self > = < Self::Output as __p::Cacheable >
    ::CACHING; __p::kept!();] Anew[()] ["ask" "2" "::step2"["user" : "&str" "prompt" :
    "String"] output : "Answer", policies : { use __p::plan:: *; Policies { cache :
    Some(CachePolicy { ttl : None, tags : & [] }), rate_limit : Some(RateLimit { permits
    : 1000, period : Duration::from_secs(60), burst : 1000, name : Some("models") }),
    ..Policies::NONE } }, reads_arguments : true,] (self, user : & str, prompt : String)
    [impl __p::Future < Output = __p::CalledOf < Self >> + __p::Send] { async move { if
    let __p::Some(it) = self.cx.instead:: < Self > (| f | { f.cache_key = __p::key_of(&
    [& user, & prompt]); f.rate_key = __p::rate_key(& (user)); f.weight = __p::weight(&
    (prompt.len())) }) { return it; } __p::Called::Value(__p::mocked!(self.cx.mock:: <
    __M > (), (user, prompt), step2(user, prompt))) } }
}
