//! What a module says about itself as a whole, and about symbols.

/// What the module is called, what it needs, and who sees it.
///
/// All is optional, and stands in any order:
/// - `name`, `version` (up to three numbers, `"1.2.3"`) and `licence`: texts, or constants as
///   `env!("CARGO_PKG_VERSION")`;
/// - `depends`: the modules that it needs, each with the version that it needs at least and the
///   first that will not do, or without;
/// - `namespace`: all its exports are in this one; without, everybody sees them;
/// - `uses`: the namespaces that it wants to be granted.
///
/// ```
/// loader_module::module! {
///     name: env!("CARGO_PKG_NAME"),
///     version: env!("CARGO_PKG_VERSION"),
///     depends: ["gpio" >= "1.0" < "2.0", "clock" >= "0.3", "log"],
/// }
/// ```
///
/// A version that is none does not compile:
///
/// ```compile_fail
/// loader_module::module! { version: "1.2.3-alpha" }
/// ```
///
/// Nor does what is said twice:
///
/// ```compile_fail
/// loader_module::module! { name: "a", name: "a" }
/// ```
#[macro_export]
macro_rules! module {
    (@say [$($said:ident)*]) => {
        const _: () = {
            // What is said twice is defined twice.
            #[allow(dead_code, non_camel_case_types, reason = "only the names matter")]
            enum Said {
                $($said,)*
            }
        };
    };
    (@say [$($said:ident)*]
        depends: [$($name:literal $(>= $from:literal)? $(< $to:literal)?),* $(,)?]
        $(, $($rest:tt)*)?
    ) => {
        $($crate::__note!(
            4,
            &$crate::macros::dependency(&[$($from)?], &[$($to)?]),
            $crate::macros::text($name),
            b"\0"
        );)*
        $crate::module!(@say [$($said)* depends] $($($rest)*)?);
    };
    (@say [$($said:ident)*] uses: [$($name:literal),* $(,)?] $(, $($rest:tt)*)?) => {
        $($crate::__note!(8, $crate::macros::text($name), b"\0");)*
        $crate::module!(@say [$($said)* uses] $($($rest)*)?);
    };
    (@say [$($said:ident)*] name: $text:expr $(, $($rest:tt)*)?) => {
        $crate::__note!(1, $crate::macros::text($text), b"\0");
        $crate::module!(@say [$($said)* name] $($($rest)*)?);
    };
    (@say [$($said:ident)*] version: $text:expr $(, $($rest:tt)*)?) => {
        $crate::__note!(2, &$crate::macros::version($text));
        $crate::module!(@say [$($said)* version] $($($rest)*)?);
    };
    (@say [$($said:ident)*] licence: $text:expr $(, $($rest:tt)*)?) => {
        $crate::__note!(3, $crate::macros::text($text), b"\0");
        $crate::module!(@say [$($said)* licence] $($($rest)*)?);
    };
    (@say [$($said:ident)*] namespace: $text:expr $(, $($rest:tt)*)?) => {
        $crate::__note!(7, $crate::macros::text($text), b"\0");
        $crate::module!(@say [$($said)* namespace] $($($rest)*)?);
    };
    (@say [$($said:ident)*] $other:ident: $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($other), "` is nothing that a module says in this way; there ",
            "are name, version, licence, depends: [\"name\" >= \"1.0\" < \"2.0\"], namespace and ",
            "uses: [\"name\"]"
        ));
    };
    ($($field:ident: $($rest:tt)*)?) => {
        $crate::module!(@say [] $($field: $($rest)*)?);
    };
}

/// What the module takes symbols to be, as a hash of each: of one that it defines, what it
/// exports; of one that it imports, what it expects.
///
/// ```
/// use loader_module::{interface, interface_hash};
///
/// interface! {
///     "gpio_set" => interface_hash("void gpio_set(uint32_t pin, bool level)"),
///     "gpio_get" => interface_hash("bool gpio_get(uint32_t pin)"),
/// }
/// ```
#[macro_export]
macro_rules! interface {
    ($($symbol:literal => $hash:expr),+ $(,)?) => {
        $($crate::__note!(
            6,
            &u64::to_le_bytes($hash),
            $crate::macros::text($symbol),
            b"\0"
        );)+
    };
}
