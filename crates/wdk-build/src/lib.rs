//! Drop-in for Microsoft's wdk-build that also runs on Linux hosts.
