package server

import (
	"sync"
	"time"
)

// namesFor is how long the names of services and environments are kept: a new one is found by its
// name all the same, it is only not suggested yet.
const namesFor = time.Minute

// knownNames are the services and environments that there are changes of.
type knownNames struct {
	mu           sync.Mutex
	at           time.Time
	all          []string
	environments []string
}

// read returns the names, read anew where they are old. While they cannot be read, the old ones do.
func (k *knownNames) read(now time.Time, fresh func() (services, environments []string, err error)) (services, environments []string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if age := now.Sub(k.at); k.at.IsZero() || age < 0 || age >= namesFor {
		all, environments, err := fresh()
		if err != nil {
			return k.all, k.environments, err
		}
		k.all, k.environments, k.at = all, environments, now
	}
	return k.all, k.environments, nil
}

// services are those that were read last.
func (k *knownNames) services() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all
}
