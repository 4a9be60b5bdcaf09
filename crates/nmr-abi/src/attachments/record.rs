//! Records of numbers and byte arrays: one list of fields makes the structure, its bytes and the way back.

use super::{AttachmentState, ModuleSide, RegistrationState};
use crate::Guid;

/// What a record can consist of.
pub(super) trait Field: Copy {
    /// Writes the bytes to the start of `to` and moves it on.
    fn write(self, to: &mut &mut [u8]);
    /// Reads the bytes from the start of `from` and moves it on; `None` if there are too few.
    fn read(from: &mut &[u8]) -> Option<Self>;
}

impl<const N: usize> Field for [u8; N] {
    fn write(self, to: &mut &mut [u8]) {
        let (field, rest) = core::mem::take(to).split_at_mut(N);
        field.copy_from_slice(&self);
        *to = rest;
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        let (field, rest) = from.split_first_chunk::<N>()?;
        *from = rest;
        Some(*field)
    }
}

macro_rules! numbers {
    ($($number:ident)*) => {$(
        impl Field for $number {
            fn write(self, to: &mut &mut [u8]) {
                self.to_le_bytes().write(to);
            }

            fn read(from: &mut &[u8]) -> Option<Self> {
                Field::read(from).map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers! { u16 u32 u64 }

macro_rules! open_enums {
    ($($name:ident)*) => {$(
        impl Field for $name {
            fn write(self, to: &mut &mut [u8]) {
                self.0.write(to);
            }

            fn read(from: &mut &[u8]) -> Option<Self> {
                Field::read(from).map(Self)
            }
        }
    )*};
}

open_enums! { ModuleSide RegistrationState AttachmentState }

impl Field for Guid {
    fn write(self, to: &mut &mut [u8]) {
        self.data1.write(to);
        self.data2.write(to);
        self.data3.write(to);
        self.data4.write(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            data1: Field::read(from)?,
            data2: Field::read(from)?,
            data3: Field::read(from)?,
            data4: Field::read(from)?,
        })
    }
}

/// Defines a structure without padding, with C's layout, and its bytes.
macro_rules! record {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        const _: () = assert!(size_of::<$name>() == 0 $(+ size_of::<$type>())*, "a record has no padding");

        impl $name {
            /// Size of the record, in bytes.
            pub const SIZE: usize = size_of::<Self>();

            /// The bytes of the record.
            pub fn to_bytes(&self) -> [u8; size_of::<Self>()] {
                let mut bytes = [0; size_of::<Self>()];
                let mut rest = bytes.as_mut_slice();
                $($crate::attachments::record::Field::write(self.$field, &mut rest);)*
                bytes
            }

            /// The record that `bytes` begin with; `None` if they are too few.
            pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
                Some(Self { $($field: $crate::attachments::record::Field::read(&mut bytes)?,)* })
            }
        }
    };
}
pub(super) use record;
