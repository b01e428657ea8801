//! Hashes of how a structure lies in memory.

/// The hash of a structure's layout: of its name, size and alignment, and of each of the fields
/// given, in their order, the name, offset and size. A constant.
///
/// `LOADER_LAYOUT` of the C header makes the same of the same layout. Types are not in it, only
/// their sizes: C has no names of them that Rust could agree with. Both sides list the same fields,
/// and name the structure alike:
///
/// ```
/// #[repr(C)]
/// struct Pin {
///     number: u32,
///     level: u8,
/// }
///
/// // In C: LOADER_LAYOUT(struct gpio_pin, number, level)
/// const PIN: u64 = loader_module::layout_hash!(Pin as "gpio_pin" { number, level });
/// assert_ne!(PIN, loader_module::layout_hash!(Pin { number, level })); // under its own name
/// ```
#[macro_export]
macro_rules! layout_hash {
    (@of $type:ty, $name:expr, $($field:ident),+) => {
        const {
            let hash = $crate::interface_hash($name);
            let hash = $crate::macros::mix(hash, ::core::mem::size_of::<$type>() as u64);
            let hash = $crate::macros::mix(hash, ::core::mem::align_of::<$type>() as u64);
            $(
                let hash =
                    $crate::macros::mix(hash, $crate::interface_hash($crate::macros::plain(::core::stringify!($field))));
                let offset = ::core::mem::offset_of!($type, $field) as u64;
                let hash = $crate::macros::mix(hash, offset);
                let size = $crate::macros::field_size(|of: &$type| &of.$field) as u64;
                let hash = $crate::macros::mix(hash, size);
            )+
            hash
        }
    };
    ($type:ty as $name:literal { $($field:ident),+ $(,)? }) => {
        $crate::layout_hash!(@of $type, $name, $($field),+)
    };
    ($type:ty { $($field:ident),+ $(,)? }) => {
        $crate::layout_hash!(@of $type, ::core::stringify!($type), $($field),+)
    };
}

/// Defines a structure that lies in memory as C has it, and the hash of its layout:
/// `LAYOUT_HASH`, made by [`layout_hash!`](crate::layout_hash) of all its fields.
///
/// ```
/// loader_module::layout! {
///     /// A pin.
///     pub struct Pin as "gpio_pin" {
///         /// Which.
///         pub number: u32,
///         level: u8,
///     }
/// }
///
/// const PIN: u64 = loader_module::layout_hash!(Pin as "gpio_pin" { number, level });
/// assert_eq!(Pin::LAYOUT_HASH, PIN);
/// ```
#[macro_export]
macro_rules! layout {
    (
        $(#[$meta:meta])*
        $visible:vis struct $type:ident $(as $name:literal)? {
            $($(#[$field_meta:meta])* $field_visible:vis $field:ident: $field_type:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[repr(C)]
        $visible struct $type {
            $($(#[$field_meta])* $field_visible $field: $field_type),+
        }

        impl $type {
            /// The hash of its layout.
            $visible const LAYOUT_HASH: u64 =
                $crate::layout_hash!($type $(as $name)? { $($field),+ });
        }
    };
}

/// A name without the `r#` that Rust may need before it.
pub const fn plain(name: &str) -> &str {
    let [b'r', b'#', rest @ ..] = name.as_bytes() else { return name };
    match core::str::from_utf8(rest) {
        Ok(rest) => rest,
        Err(_) => name,
    }
}

/// The size of a field, by how it is reached.
pub const fn field_size<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

#[cfg(test)]
mod tests {
    use crate::interface_hash;

    #[test]
    fn everything_in_a_layout_counts() {
        layout!(struct A as "x" { a: u32, b: u8 });
        layout!(struct Same as "x" { a: u32, b: i8 });
        layout!(struct Name as "y" { a: u32, b: u8 });
        layout!(struct Field as "x" { a: u32, c: u8 });
        layout!(struct Order as "x" { b: u8, a: u32 });
        layout!(struct Size as "x" { a: u32, b: u16 });
        layout!(struct Align as "x" { a: [u8; 4], b: u8 });
        layout!(struct More as "x" { a: u32, b: u8, c: u8 });
        assert_eq!(A::LAYOUT_HASH, Same::LAYOUT_HASH);
        let others = [
            Name::LAYOUT_HASH,
            Field::LAYOUT_HASH,
            Order::LAYOUT_HASH,
            Size::LAYOUT_HASH,
            Align::LAYOUT_HASH,
            More::LAYOUT_HASH,
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(*other, A::LAYOUT_HASH, "{at}");
        }
        let words = [8, 4, interface_hash("a"), 0, 4, interface_hash("b"), 4, 1];
        let by_hand = words.into_iter().fold(interface_hash("x"), crate::macros::mix);
        assert_eq!(A::LAYOUT_HASH, by_hand);
        layout!(struct Keyword as "x" { r#type: u32, b: u8 });
        let words = [8, 4, interface_hash("type"), 0, 4, interface_hash("b"), 4, 1];
        let by_hand = words.into_iter().fold(interface_hash("x"), crate::macros::mix);
        assert_eq!(Keyword::LAYOUT_HASH, by_hand, "as C has it");
    }
}
