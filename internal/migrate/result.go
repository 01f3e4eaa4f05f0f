package migrate

import (
	"errors"
	"fmt"
)

// File is one input: a YAML or JSON file, or a piece of one.
type File struct {
	Name string
	Line int // of the file at which Data begins; 0 and 1 are its first
	Data []byte

	Found bool // in a folder: it is listed, and no error, if it cannot be read
}

// Options is what the files do not contain.
type Options struct {
	Team      string
	Service   string            // glob of the services to watch; "" takes what the file says, or all
	Namespace string            // of objects that do not say theirs
	Mesh      string            // Flagger's setting -mesh-provider
	Args      map[string]string // what the tools' arguments and variables stand for
	Stores    map[string]string // addresses of metric stores → their names in pushback.yml
}

// Result is what came of the files. Every key of every object was either used, or is in
// Left or Ignored.
type Result struct {
	Rules   string  `json:"rules"`   // a rule file; without rules in it, comments only
	Left    []Left  `json:"left"`    // what somebody has to look at, in the order of the files
	Ignored []Left  `json:"ignored"` // the cluster's book-keeping, which judges nothing
	Summary Summary `json:"summary"`
}

// Left is something that no rule says, or says in another way.
type Left struct {
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Column  int      `json:"column"`
	Object  string   `json:"object"` // its kind and name
	Path    string   `json:"path"`   // within the object, as in spec.metrics[0].count
	Reason  string   `json:"reason"`
	Instead string   `json:"instead,omitempty"` // what to write
	Keys    []string `json:"keys,omitempty"`    // paths of all that is below Path
}

// String is its place, as editors and compilers write it, and its path.
func (l Left) String() string {
	return fmt.Sprintf("%s:%d: %s", l.File, l.Line, orElse(l.Path, "all of it"))
}

// Summary counts. Converted and Stopped are metrics, one for each object that uses it.
type Summary struct {
	Objects   int `json:"objects"`
	Metrics   int `json:"metrics"`
	Converted int `json:"converted"`
	Stopped   int `json:"stopped"` // metrics of which no signal was made
	Left      int `json:"left"`
	Ignored   int `json:"ignored"`
}

// Add adds the counts of another result.
func (s *Summary) Add(o Summary) {
	s.Objects += o.Objects
	s.Metrics += o.Metrics
	s.Converted += o.Converted
	s.Stopped += o.Stopped
	s.Left += o.Left
	s.Ignored += o.Ignored
}

// ErrUnknown is returned for files without any configuration of these tools.
var ErrUnknown = errors.New("the file has no AnalysisTemplate, Canary, MetricTemplate or Kayenta canary config")
