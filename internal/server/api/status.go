package api

import "time"

// Status is the state of the daemon, for people.
type Status struct {
	Version  string             `json:"version"`
	Replica  string             `json:"replica,omitempty" doc:"The name of the replica that answers"`
	Replicas []Replica          `json:"replicas" doc:"All replicas that share the database, those of the last day that ended without stopping included"`
	Started  time.Time          `json:"started_at"`
	Ready    bool               `json:"ready"`
	Problems []ComponentProblem `json:"problems" doc:"Everything that does not work, whether or not it makes the daemon not ready"`
	Frozen   bool               `json:"frozen" doc:"All acting is stopped"`
	FrozenBy string             `json:"frozen_by,omitempty" doc:"What stops it"`
	Holds    []Hold             `json:"holds" doc:"Holds in force"`
	Watches  int                `json:"open_watches"`
	Orders   int                `json:"open_orders" doc:"Orders that have not ended"`
	Proposed []Order            `json:"proposed" doc:"Orders that wait for a person"`
	UnderWay []Order            `json:"under_way" doc:"Orders that are being carried out, or wait for something else than a person: why says for what, receipt.status how far the rollout has come"`
	Waiting  []HeldDeployment   `json:"held_deployments" doc:"Deployments and merge requests that their tool holds back until Pushback answers"`
	Storage  Storage            `json:"storage"`
	Unknown  []UnknownService   `json:"unknown_services" doc:"Services that events named since this replica began and that the catalogue does not know, those named last first; at most 100"`
}

// HeldDeployment is a deployment, or a merge request, that its tool holds back until Pushback answers.
type HeldDeployment struct {
	What        string    `json:"what" doc:"What is held back: deployment, or the merge request with its number"`
	Report      string    `json:"report" doc:"The report of pushback.yml that answers"`
	Service     string    `json:"service"`
	Environment string    `json:"environment" doc:"Where it would be deployed; of a merge request, its target branch"`
	Version     string    `json:"version"`
	WaitsFor    string    `json:"waits_for" doc:"The environment whose change of the same version must end healthy"`
	Since       time.Time `json:"since"`
	Until       time.Time `json:"until" doc:"When it is rejected without a healthy verdict"`
	Error       string    `json:"error,omitempty" doc:"Why the tool could not be told the answer so far"`
}

// UnknownService is a service that events named and that the catalogue does not know.
type UnknownService struct {
	Service string    `json:"service"`
	Source  string    `json:"source" doc:"Whose event named it last; api for POST /v1/events"`
	Since   time.Time `json:"since" doc:"When an event named it first"`
	Last    time.Time `json:"last" doc:"When an event named it last"`
	Events  int       `json:"events"`
	Nearest string    `json:"nearest,omitempty" doc:"The service of the catalogue that it may be a misspelling of"`
}

// Storage is how large the database is. What its kinds take was measured in the night; the
// total is of now.
type Storage struct {
	Bytes        int64         `json:"bytes" doc:"The file of SQLite, or the database of PostgreSQL, now"`
	Free         int64         `json:"free_bytes,omitempty" doc:"Of these, what nothing uses: SQLite uses it again first"`
	GivesBack    bool          `json:"gives_back" doc:"Whether the database gives free space back to the disk; a SQLite file of an older version does after one VACUUM"`
	MeasuredAt   time.Time     `json:"measured_at,omitzero" doc:"When the kinds were measured; absent before the first night"`
	GrowthPerDay int64         `json:"growth_bytes_per_day" doc:"Over the last week; 0 before the second night"`
	Kinds        []StorageKind `json:"kinds" doc:"What kinds of things take, with their indexes, the largest first"`

	Retention        time.Duration `json:"retention" doc:"In nanoseconds: how long changes stay, and all that belongs to them; 0 for ever"`
	JournalRetention time.Duration `json:"journal_retention" doc:"In nanoseconds; 0 for ever"`
	NextChanges      int64         `json:"next_changes" doc:"How many changes the next night deletes, as counted in the last one"`
	NextEntries      int64         `json:"next_journal_entries" doc:"How many entries of the journal the next night deletes, as counted in the last one"`
}

// StorageKind is what one kind of things takes in the database.
type StorageKind struct {
	Kind         string `json:"kind"`
	Bytes        int64  `json:"bytes"`
	GrowthPerDay int64  `json:"growth_bytes_per_day"`
}

// Replica is one run of a process that shares the database.
type Replica struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started_at"`
	Seen    time.Time `json:"seen_at" doc:"When it last renewed its lease"`
	Alive   bool      `json:"alive" doc:"Its lease is in force; the others take over what a dead one was doing"`
	Looking bool      `json:"looking" doc:"It has a share of the watches; false before it has begun and while it stops"`
	Watches int       `json:"watches" doc:"How many watches it looks at, as of seen_at"`
}

// Services are the services of the catalogue, by name.
type Services struct {
	Services []string `json:"services" doc:"Listed in pushback.yml or discovered; no metric store is asked, so that it may lack those of the last minutes"`
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready    bool               `json:"ready"`
	Problems []ComponentProblem `json:"problems"`
}

// ComponentProblem is one thing that does not work.
type ComponentProblem struct {
	Component string `json:"component" doc:"store, jobs, rules, or metrics/<name>"`
	Detail    string `json:"detail"`
}

// Reloaded is the answer to a reload. If it did not succeed, the last good rules
// stay in force, and Diagnostics lists every mistake.
type Reloaded struct {
	Reloaded    bool         `json:"reloaded"`
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one mistake in a rules file.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}
