//! The words of the house and their rules. Pure: no I/O, no clock, no runtime. Whatever needs the time takes `now`.
