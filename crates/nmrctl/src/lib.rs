//! Installs, starts, stops and reports the drivers of a bundle on a lab machine.
