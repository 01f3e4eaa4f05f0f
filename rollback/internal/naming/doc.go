// Package naming is how a hook finds the thing to change on the other side:
// which repository, application or flag a service is there, and whether two
// names are of one version.
//
// A setting may hold placeholders, each the whole text between two slashes:
// `$service`, `example/$service`, `$label.flag`. There is no template: what
// comes from an event is put in as it is, checked by the kind of hook that
// uses it, and escaped where it goes into an address.
package naming
