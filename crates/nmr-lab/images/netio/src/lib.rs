//! NETIO.SYS of the lab: nmr-sim behind the nine Nmr* exports.
