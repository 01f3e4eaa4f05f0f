package sources

import "strings"

// By reports whether somebody made the change or rides on it: one of the names is that of
// its actor or of a rider. Case, space around a name and an @ before it do not count. A
// rider who is written as git does, "Ada <ada@example.org>", is found by the whole, by the
// name and by the address.
func (c Change) By(names []string) bool {
	for _, written := range append([]string{c.Actor}, c.Riders...) {
		for _, known := range spellings(written) {
			for _, name := range names {
				if known != "" && known == plainName(name) {
					return true
				}
			}
		}
	}
	return false
}

// spellings are the names by which a written person is found.
func spellings(written string) []string {
	all := []string{plainName(written)}
	name, address, found := strings.Cut(written, "<")
	if found {
		all = append(all, plainName(name), plainName(strings.TrimSuffix(strings.TrimSpace(address), ">")))
	}
	return all
}

func plainName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@"))
}
