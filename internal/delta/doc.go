// Package delta stores a sequence of values of one type in little space: of each value
// only what differs from the one before it. Values are structs of numbers, texts, times,
// slices and pointers. What is read back is equal to what was written, to the last bit of
// every number; a NaN is read back as some NaN.
//
// A sequence is stored in segments. A segment holds some values, compressed, and needs
// the segments before it. Only the last segment grows. The first one also names the fields
// that it has, so that a type may get or lose fields: what a segment does not have is zero,
// and what the type no longer has is skipped.
//
// Reading needs no trust in what is read: sizes are bounded, and whatever is not what
// Append wrote is an error.
//
// See adr/0100.
package delta
