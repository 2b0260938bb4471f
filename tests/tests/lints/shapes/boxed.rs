// Functions that return boxed futures of values with few bounds.

use core::fmt::Display;
use core::future::{Future, pending, ready};
use core::pin::Pin;

use super::super::ends::{self, cancel};
use super::annotated;

/// A boxed future.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future that lives for ever.
type BoxedForEver<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A boxed future that stays on its thread.
type BoxedLocal<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Methods of futures.
trait Boxing: Future {
    #[annotated]
    fn spelled_out<'a>(self) -> Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>
    where
        Self: Sized + Send + 'a,
    {
        Box::pin(self)
    }

    #[annotated]
    fn spelled_out_of<'a, T>(self) -> Pin<Box<dyn Future<Output = T> + Send + 'a>>
    where
        Self: Future<Output = T> + Sized + Send + 'a,
    {
        Box::pin(self)
    }

    #[annotated]
    fn aliased<'a, T>(self) -> Boxed<'a, T>
    where
        Self: Future<Output = T> + Sized + Send + 'a,
    {
        Box::pin(self)
    }

    #[annotated]
    fn boxed<'a>(self) -> BoxedLocal<'a, Self::Output>
    where
        Self: Sized + 'a,
    {
        let this = self;
        Box::pin(this)
    }

    fn boxed_local<'a>(self) -> BoxedLocal<'a, Self::Output>
    where
        Self: Sized + 'a,
    {
        Box::pin(self)
    }
}

impl<F: Future> Boxing for F {}

#[annotated]
fn by_method<'a, T>(future: impl Future<Output = T> + 'a) -> BoxedLocal<'a, T> {
    async move {
        ready(()).await;
        future.await
    }
    .boxed()
}

#[annotated]
fn by_method_spelled_out<'a, T, F>(future: F) -> Pin<Box<dyn Future<Output = T> + 'a>>
where
    F: Future<Output = T> + 'a,
{
    let _: &F = &future;
    async move {
        ready(()).await;
        future.await
    }
    .boxed_local()
}

#[annotated]
fn for_ever<T>(future: impl Future<Output = T> + Send + 'static) -> BoxedForEver<T> {
    let before: u32 = 1;
    Box::pin(async move {
        if before == 0 {
            return pending().await;
        }
        future.await
    })
}

#[annotated]
fn with_statements(number: u32, text: &str) -> Boxed<'_, String> {
    const MORE: u32 = 1;
    let number = number + MORE;
    if number > 9 {
        drop(number.to_string());
    }
    Box::pin(async move { format!("{text}{number}") })
}

/// A box without a future.
#[annotated]
fn no_future(number: u32) -> Pin<Box<u32>> {
    Box::pin(number + 1)
}

/// The boxed function under a name of its own.
type BoxedFn<'a> = Pin<Box<dyn Fn(&str) -> usize + 'a>>;

#[annotated]
fn no_future_by_name(more: &usize) -> BoxedFn<'_> {
    Box::pin(move |text| text.len() + more)
}

/// A service, as in `tower`.
trait Service<Request> {
    /// The reply.
    type Response;

    /// The future of the reply.
    type Future: Future<Output = Self::Response>;

    /// Answers.
    fn call(&mut self, request: Request) -> Self::Future;
}

/// Repeats its input.
#[derive(Debug)]
struct Echo;

impl<R: Display + Send + 'static> Service<R> for Echo {
    type Response = (R, String);
    type Future = Pin<Box<dyn Future<Output = Self::Response> + Send>>;

    #[annotated]
    fn call(&mut self, request: R) -> Self::Future {
        Box::pin(async move {
            let text = request.to_string();
            (request, text)
        })
    }
}

/// Calls another.
#[derive(Debug)]
struct Layer<S>(S);

impl<R, S> Service<R> for Layer<S>
where
    S: Service<R>,
    S::Future: 'static,
{
    type Response = S::Response;
    type Future = BoxedLocal<'static, S::Response>;

    #[annotated]
    fn call(&mut self, request: R) -> Self::Future {
        let future = self.0.call(request);
        Box::pin(future)
    }
}

/// Without a box of its own: it uses only its arguments.
#[annotated]
fn passed<T>(future: BoxedForEver<T>) -> BoxedForEver<T> {
    future
}

#[annotated]
fn passed_spelled_out<'a, T>(
    future: impl FnOnce() -> Boxed<'a, T>,
) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    future()
}

#[test]
#[allow(clippy::default_numeric_fallback, clippy::too_many_lines, reason = "a table")]
fn each_boxed_future_is_recorded_once() {
    let check = |function: &str, ends: &[&str], run: &mut dyn FnMut()| {
        super::RECORDS.check(module_path!(), function, ends, run);
    };
    check("spelled_out", &[], &mut || drop(ready(1).spelled_out()));
    check("spelled_out", &["ok"], &mut || assert_eq!(ends::ready(ready(1).spelled_out()), 1));
    check("spelled_out_of", &[], &mut || drop(ready(1).spelled_out_of()));
    check("spelled_out_of", &["cancelled"], &mut || cancel(pending::<u8>().spelled_out_of()));
    check("aliased", &[], &mut || drop(ready(1).aliased()));
    check("aliased", &["ok"], &mut || assert_eq!(ends::ready(ready("a").aliased()), "a"));
    check("boxed", &[], &mut || drop(Boxing::boxed(ready(1))));
    check("boxed", &["ok"], &mut || assert_eq!(ends::ready(Boxing::boxed(ready(1))), 1));
    check("by_method", &[], &mut || drop(by_method(ready(1))));
    check("by_method", &["ok"], &mut || assert_eq!(ends::ready(by_method(ready(1))), 1));
    check("by_method_spelled_out", &[], &mut || drop(by_method_spelled_out(ready(1))));
    check("by_method_spelled_out", &["cancelled"], &mut || {
        cancel(by_method_spelled_out(pending::<u8>()));
    });
    check("for_ever", &[], &mut || drop(for_ever(ready(1))));
    check("for_ever", &["ok"], &mut || assert_eq!(ends::ready(for_ever(ready(1))), 1));
    check("with_statements", &[], &mut || drop(with_statements(1, "a")));
    check("with_statements", &["ok"], &mut || {
        assert_eq!(ends::ready(with_statements(9, "a")), "a10");
    });
    check("no_future", &["ok"], &mut || assert_eq!(*no_future(1), 2));
    check("no_future_by_name", &["ok"], &mut || assert_eq!(no_future_by_name(&1)("a"), 2));
    check("call", &[], &mut || drop(Echo.call(1)));
    check("call", &["ok"], &mut || {
        assert_eq!(ends::ready(Echo.call(1)), (1, "1".to_owned()));
    });
    check("call", &["ok"; 2], &mut || {
        assert_eq!(ends::ready(Layer(Echo).call(1)), (1, "1".to_owned()));
    });
    check("passed", &["ok"], &mut || {
        assert_eq!(ends::ready(passed(Box::pin(ready(1)))), 1);
    });
    check("passed_spelled_out", &["ok"], &mut || {
        assert_eq!(ends::ready(passed_spelled_out(|| Box::pin(ready(1)))), 1);
    });
}
