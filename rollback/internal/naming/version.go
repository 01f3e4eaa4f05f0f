package naming

import "strings"

// shortest is how much of a commit's name says which one it is: as many
// digits as git itself shows.
const shortest = 7

// Same says whether two names are of one version: the same text, or one of
// them the beginning of the other where both are commits. A leading v is part
// of a name and not decoration: v1 and 1 may be two images.
func Same(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= shortest && commit(a) && commit(b) && strings.HasPrefix(b, a)
}

// commit says whether s could be the name of a commit, whole or cut.
func commit(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// Image says whether an image's name is of a version: its tag, its digest or
// the whole of it.
func Image(image, version string) bool {
	name, digest, _ := strings.Cut(image, "@")
	_, tag, tagged := cutLast(name, ":")
	tagged = tagged && !strings.Contains(tag, "/") // else the colon was before a port
	return image == version || digest != "" && digest == version || tagged && Same(tag, version)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
