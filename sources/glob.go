package sources

import (
	"path"
	"strings"
)

// MatchesName says whether a glob matches a name, in which a slash is a character like any
// other. A malformed glob matches nothing.
func MatchesName(glob, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && ok
}
