// Package folder notices when a folder of files that people edit has changed.
//
// Folders change in three ways: an editor writes one file, a deploy writes
// many, and Kubernetes swaps the link ..data so that all of a ConfigMap
// changes at once. Watch waits until a folder has come to rest and tells of
// it once; Steady reads a folder so that no reader sees half of a change.
//
// The system's notices are a hint and no proof: they are lost on network
// file systems and when too many come. So a fingerprint of names, sizes and
// times decides, and is also taken now and then without any notice.
//
// See adr/0026.
package folder
