package changes

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// Paths say which services of a repository with many a change is about, by the files that it
// touches: a glob, and the services whose files it matches.
//
//	paths:
//	  "services/cart/**": cart
//	  "libs/**": [cart, search]
//	  "docs/**": []               # nobody's
//
// A file belongs to the services of all globs that match it. An event whose files belong to
// services becomes one event for each of them, and one whose files are all nobody's is ignored.
// An event that touches no mapped file stays with its own service.
//
// Whoever knows the files sets Event.Paths: the generic form takes them from the sender, and a
// Completer from the tool, where its Scope has Paths. The server divides the events after that.
//
// See adr/0122.
type Paths map[string]strictyaml.TextList

// maxGlobs bounds what every changed file is compared with.
const maxGlobs = 500

// Check returns the first mistake of each glob.
func (p Paths) Check() error {
	_, err := p.Compile()
	return err
}

// Compile returns the map that divides events. The error names the globs at fault.
func (p Paths) Compile() (PathMap, error) {
	var all []error
	if len(p) > maxGlobs {
		all = append(all, fmt.Errorf("paths: %d globs; at most %d are compared with every file", len(p), maxGlobs))
	}
	var m PathMap
	for _, glob := range slices.Sorted(maps.Keys(p)) {
		one, err := compileGlob(glob, p[glob])
		if err != nil {
			all = append(all, fmt.Errorf("paths: %q: %w", glob, err))
		}
		m = append(m, one)
	}
	return m, errors.Join(all...)
}

// PathMap is Paths, compiled. The zero value divides nothing.
type PathMap []pathGlob

type pathGlob struct {
	prefix   string // up to the first wildcard: most files differ here
	whole    *regexp.Regexp
	services []string
}

func compileGlob(glob string, services []string) (pathGlob, error) {
	for _, name := range services {
		if err := sources.CheckName(name); err != nil || name == "" || name == sources.EveryService {
			return pathGlob{}, errors.Join(errors.New("a service of this glob has no valid name"), err)
		}
	}
	if err := checkGlob(glob); err != nil {
		return pathGlob{}, err
	}
	prefix, _, _ := strings.Cut(glob, "*")
	prefix, _, _ = strings.Cut(prefix, "?")
	whole, err := regexp.Compile(`\A` + globExpression(glob) + `\z`)
	return pathGlob{prefix, whole, services}, err
}

func checkGlob(glob string) error {
	switch {
	case glob == "" || len(glob) > sources.MaxPath:
		return fmt.Errorf("a glob has 1 to %d bytes", sources.MaxPath)
	case strings.HasPrefix(glob, "/") || strings.HasPrefix(glob, "./"):
		return errors.New("write it from the root of the repository, without / or ./ in front")
	case strings.HasSuffix(glob, "/"):
		return errors.New("this would match no file; for all files of a folder write folder/**")
	case strings.ContainsAny(glob, `[]{}\`):
		return errors.New("the wildcards are ** for any folders, * and ? within a name; brackets and backslashes are none")
	}
	for _, part := range strings.Split(glob, "/") {
		if strings.Contains(part, "**") && part != "**" {
			return errors.New("** stands for whole folders: write it between slashes, as in services/**/main.go")
		}
	}
	return nil
}

// globExpression is a checked glob as a regular expression.
func globExpression(glob string) string {
	var b strings.Builder
	parts := strings.Split(glob, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == "**" && last:
			b.WriteString(`.+`)
		case part == "**":
			b.WriteString(`(?:[^/]+/)*`)
		default:
			name := regexp.QuoteMeta(part)
			name = strings.ReplaceAll(strings.ReplaceAll(name, `\*`, `[^/]*`), `\?`, `[^/]`)
			b.WriteString(name)
			if !last {
				b.WriteByte('/')
			}
		}
	}
	return `(?s:` + b.String() + `)`
}

// Divide returns what an event with Paths amounts to. byPath says that the services are those of
// the map, which the catalogue need not translate. The error is a *sources.BadEvent, or wraps
// ErrIgnored where every file is nobody's.
func (m PathMap) Divide(e sources.Event) (events []sources.Event, byPath bool, err error) {
	if len(m) == 0 || len(e.Paths) == 0 {
		return []sources.Event{e}, false, nil
	}
	if err := checkPaths(e.Paths); err != nil {
		return nil, false, err
	}
	services, unmapped := m.servicesOf(e.Paths)
	switch {
	case len(services) > 0:
	case unmapped:
		return []sources.Event{e}, false, nil
	default:
		return nil, false, Ignored("by paths, every changed file is nobody's")
	}
	for _, service := range services {
		events = append(events, ofService(e, service))
	}
	return events, true, nil
}

func checkPaths(paths []string) error {
	if len(paths) > sources.MaxPaths {
		return Bad("paths has %d files: send at most %d, or none", len(paths), sources.MaxPaths)
	}
	for i, path := range paths {
		if path == "" || len(path) > sources.MaxPath {
			return Bad("paths[%d] must have 1 to %d bytes", i, sources.MaxPath)
		}
	}
	return nil
}

// servicesOf are the services that files belong to, sorted, and whether a file matches no glob.
func (m PathMap) servicesOf(paths []string) (services []string, unmapped bool) {
	found := map[string]bool{}
	for _, path := range paths {
		path, mapped := strings.TrimPrefix(path, "./"), false
		for _, glob := range m {
			if !strings.HasPrefix(path, glob.prefix) || !glob.whole.MatchString(path) {
				continue
			}
			mapped = true
			for _, service := range glob.services {
				found[service] = true
			}
		}
		unmapped = unmapped || !mapped
	}
	return slices.Sorted(maps.Keys(found)), unmapped
}

// ofService is the part of an event that is about one service. Its id is made of the event's and
// the service, so that it is the same at every delivery.
func ofService(e sources.Event, service string) sources.Event {
	e.Service, e.Paths = service, nil
	if e.EventID += "/" + service; len(e.EventID) > sources.MaxName {
		sum := sha256.Sum256([]byte(e.EventID))
		e.EventID = hex.EncodeToString(sum[:])
	}
	return e
}
