//! Everything that is wrong, reported at once.

use proc_macro2::Span;

/// The mistakes found so far, each where it was made.
#[derive(Debug, Default)]
pub struct Mistakes(Option<syn::Error>);

impl Mistakes {
    /// A mistake at `span`, and what to write instead.
    pub fn add(&mut self, span: Span, message: impl Into<String>) {
        self.add_error(syn::Error::new(span, message.into()));
    }

    /// What somebody else has found.
    pub fn add_error(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, or the mistake that there is none.
    pub fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add_error(error)).ok()
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// All of them, if there are any.
    ///
    /// # Errors
    /// The mistakes.
    pub fn into_result(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
