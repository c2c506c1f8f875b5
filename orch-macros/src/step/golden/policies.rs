pub async fn fetch_rates(
    day: Date,
    http: &Client,
    ctx: &StepCtx,
) -> Result<Rates, HttpError> {
    http.get(day).await
}
const _: () = {
    use ::orch::__private as __p;
    impl __p::Step for fetch_rates<'static> {
        type Output = <Result<Rates, HttpError> as __p::ResultType>::Ok;
        type Error = <Result<Rates, HttpError> as __p::ResultType>::Err;
        type Reuse = __p::Anew;
        type Needs = (__p::Need<Client>, ());
        const SPEC: __p::StepSpec = __p::StepSpec {
            function: ::core::concat!(::core::module_path!(), "::fetch_rates"),
            version: "6fe87485e8160219",
            params: &[
                __p::ParamSpec {
                    name: "day",
                    ty: "Date",
                },
            ],
            output: "Rates",
            fallible: true,
            asynchronous: true,
            policies: __p::Policies {
                retries: __p::Some(3),
                cache: __p::Some(__p::CachePolicy {
                    ttl: __p::Some(__p::Duration::from_secs(600)),
                    tags: &["rates"],
                }),
                rate_limit: __p::Some(__p::RateLimit {
                    permits: 50,
                    period: __p::Duration::from_secs(1),
                    burst: 1,
                    name: __p::None,
                }),
                ..__p::Policies::NONE
            },
            reads_arguments: true,
            ..__p::StepSpec::new("fetch-rates")
        };
        fn share(o: &Self::Output) -> __p::Option<__p::Shared> {
            <Self::Output as __p::Cacheable>::share(o)
        }
        fn restore(s: &__p::Shared) -> __p::Option<Self::Output> {
            <Self::Output as __p::Cacheable>::restore(s)
        }
    }
    impl fetch_rates<'_> {
        #[doc(hidden)]
        pub fn call(
            self,
            day: Date,
        ) -> impl __p::Future<Output = __p::CalledOf<fetch_rates<'static>>> + __p::Send {
            async move {
                if self.__orch.asks_facts() {
                    return __p::facts(__p::Facts {
                        cache_key: __p::cache_key(::core::format_args!("rates:{}", day)),
                        ..__p::Facts::NONE
                    });
                }
                __p::called_if(
                    fetch_rates(day, self.__orch.resource::<Client>(), self.__orch.ctx())
                        .await,
                    |e| transient(e),
                )
            }
        }
    }
};
#[doc(hidden)]
pub struct fetch_rates<'__orch> {
    #[doc(hidden)]
    pub __orch: &'__orch ::orch::__private::Cx,
}
