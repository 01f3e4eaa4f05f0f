// Package naming finds the name that a service has in a deploy tool, such as its
// repository, application or flag, and compares names of versions.
//
// A setting may hold placeholders. Each is the whole text between two slashes:
// `$service`, `example/$service`, `$label.flag`. Values from an event are inserted
// unchanged. The hook that uses the result checks that it is a valid name, and
// escapes it in a URL.
package naming
