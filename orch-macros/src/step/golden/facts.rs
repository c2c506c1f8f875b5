fn step2(user: &str, prompt: String) -> Answer {
    answer(user, prompt)
}
const _: () = {
    use my_orch::__private as __p;
    impl __p::Step for step2<'static> {
        type Output = Answer;
        type Error = __p::Never;
        type Reuse = __p::Anew;
        type Needs = ();
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: ::core::concat!(::core::module_path!(), "::step2"),
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
            policies: __p::Policies {
                cache: __p::Some(__p::CachePolicy {
                    ttl: __p::None,
                    tags: &[],
                }),
                rate_limit: __p::Some(__p::RateLimit {
                    permits: 1000,
                    period: __p::Duration::from_secs(60),
                    burst: 1000,
                    name: __p::Some("models"),
                }),
                ..__p::Policies::NONE
            },
            reads_arguments: true,
            ..__p::StepSpec::new("ask")
        };
        fn share(o: &Self::Output) -> __p::Option<__p::Shared> {
            <Self::Output as __p::Cacheable>::share(o)
        }
        fn restore(s: &__p::Shared) -> __p::Option<Self::Output> {
            <Self::Output as __p::Cacheable>::restore(s)
        }
    }
    impl step2<'_> {
        #[doc(hidden)]
        pub fn call(
            self,
            user: &str,
            prompt: String,
        ) -> impl __p::Future<Output = __p::CalledOf<step2<'static>>> + __p::Send {
            async move {
                if self.__orch.asks_facts() {
                    return __p::facts(__p::Facts {
                        cache_key: __p::key_of(self.__orch, &[&user, &prompt]),
                        rate_key: __p::rate_key(&(user)),
                        weight: __p::weight(&(prompt.len())),
                    });
                }
                __p::Called::Value(step2(user, prompt))
            }
        }
    }
};
#[doc(hidden)]
struct step2<'__orch> {
    #[doc(hidden)]
    pub __orch: &'__orch my_orch::__private::Cx,
}
