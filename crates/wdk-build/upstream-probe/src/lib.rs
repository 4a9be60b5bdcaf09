//! Builds and links the unmodified upstream wdk crates through the drop-in.
