//! What security scanners write, whoever brings it: SARIF 2.1.0, the part of it that says what was found.

pub mod sarif;
