fn step2(user: &str, prompt: String) -> Answer {
    answer(user, prompt)
}
const _: () = {
    use my_orch::__private as __p;
    __p::wants_cache!(cache);
    __p::wants_rate_limit!(rate_limit);
    __p::mock!(step2, (& str, String) -> Answer);
    impl __p::Step for step2<'_> {
        type Output = Answer;
        type Error = __p::Never;
        type Kind = __p::Bounded;
        type Reuse = __p::Anew;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: __p::concat!(__p::module_path!(), "::step2"),
            version: "2",
            params: &[
                __p::ParamSpec {
                    name: "user",
                    ty: "&str",
                },
                __p::ParamSpec {
                    name: "prompt",
                    ty: "String",
                },
            ],
            output: "Answer",
            policies: {
                use __p::plan::*;
                Policies {
                    cache: Some(CachePolicy {
                        ttl: None,
                        tags: &[],
                    }),
                    rate_limit: Some(RateLimit {
                        permits: 1000,
                        period: Duration::from_secs(60),
                        burst: 1000,
                        name: Some("models"),
                    }),
                    ..Policies::NONE
                }
            },
            reads_arguments: true,
            ..__p::StepSpec::new("ask")
        };
        const CACHING: __p::CachingOf<Self> = <Self::Output as __p::Cacheable>::CACHING;
        __p::kept!();
    }
    impl step2<'_> {
        pub fn call(
            self,
            user: &str,
            prompt: String,
        ) -> impl __p::Future<Output = __p::CalledOf<Self>> + __p::Send {
            async move {
                if let __p::Some(it) = self
                    .cx
                    .instead::<
                        Self,
                    >(|f| {
                        f.cache_key = __p::key_of(&[&user, &prompt]);
                        f.rate_key = __p::rate_key(&(user));
                        f.weight = __p::weight(&(prompt.len()));
                    })
                {
                    return it;
                }
                __p::Called::Value(
                    __p::mocked!(
                        self.cx.mock:: < __M > (), (user, prompt), step2(user, prompt)
                    ),
                )
            }
        }
    }
};
#[doc(hidden)]
struct step2<'a> {
    pub cx: &'a my_orch::__private::Cx,
}
