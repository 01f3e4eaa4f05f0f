package survey

import "strings"

// Ambiguity is a service whose requests two conventions of one library rule show: each has a
// counter of its own.
type Ambiguity struct {
	Service string
	Known   []Known // the first is read unless a person says otherwise
}

// Ambiguities are the services of which a person must say which metrics show their requests.
func (s Survey) Ambiguities() (all []Ambiguity) {
	for _, one := range s.Services {
		fit := map[string][]Known{}
		for _, k := range one.Known {
			if k.Metrics[0] == k.convention.Metrics[0] && !k.convention.Runtime && !counted(fit[k.Library], k) {
				fit[k.Library] = append(fit[k.Library], k)
			}
		}
		for _, k := range one.Known {
			if f := fit[k.Library]; len(f) > 1 && f[0].Convention == k.Convention {
				all = append(all, Ambiguity{one.Name, f})
			}
		}
	}
	return all
}

// counted reports whether a convention counts with the duration of another what that one counts.
func counted(others []Known, k Known) bool {
	for _, other := range others {
		for _, m := range other.convention.Metrics {
			if m == k.Metrics[0] || strings.TrimSuffix(m, "_count") == strings.TrimSuffix(k.Metrics[0], "_count") {
				return true
			}
		}
	}
	return false
}
