// Package folder detects changes of a folder of files that people edit.
//
// A folder changes in three ways: an editor writes one file, a deploy writes
// many, and Kubernetes swaps the link ..data, so that all files of a ConfigMap
// change at once. Watch waits until a folder has stopped changing and reports
// that once. ReadStable reads a folder without mixing files from before and after
// a change.
//
// The notices of the operating system may be lost, on network file systems or
// when there are many. Watch therefore compares a fingerprint of names, sizes and
// times, which it also takes at intervals without any notice.
//
// See adr/0026.
package folder
