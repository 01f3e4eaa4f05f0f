package config

import (
	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources/changes"
)

// Services is the service catalogue: it maps the name that a deploy tool uses to labels
// in the metric store, and to the people who are responsible.
//
// Discover is a query of the default metric store, which is repeated while Pushback
// runs. Each series of the result is one service: its label Name is the service's name,
// and the labels listed in Match, with that series' values, become $match in the rules'
// queries. For
//
//	discover: group by (job, namespace) (up{env="production"})
//	name: job
//	match: [job, namespace]
//
// the series {job="cart", namespace="shop"} makes the service "cart", and
// $match becomes job="cart",namespace="shop". A series without the label Name is
// ignored. Several series of one name are one service, selected by the labels that have
// equal values in all of them.
//
// List, and a file with the same list, name services by hand and take precedence over
// discovery. Without a list and without discovery, every name is a service whose label
// Name has that value.
type Services struct {
	Discover string
	Name     string   // default "job"
	Match    []string // default: only Name
	Calls    Calls    // which service calls which, for rules that judge neighbours
	List     []Service
	Aliases  []Alias
	Patterns map[string][]catalogue.Pattern // by source: how names of services follow from its own
	Paths    changes.Paths                  // of events that people and pipelines send themselves
	Default  Responsible                    // for services without a responsible of their own
	Probed   []string                       // the services of probes, which are known without a list
}

// Calls is a query of the default metric store. Each series of the result is one
// service calling another: the labels Caller and Callee name the two, and the value is
// how often.
type Calls struct {
	Query  string `yaml:"query" required:"true"`
	Caller string `yaml:"caller"` // default "client"
	Callee string `yaml:"callee"` // default "server"
}

// Service is one service of a list.
type Service struct {
	Name        string            `yaml:"name" required:"true"`
	Match       map[string]string `yaml:"match"`      // labels and values; becomes $match
	DependsOn   []string          `yaml:"depends_on"` // services whose changes may be what is wrong with this one
	Responsible `yaml:",inline"`
}

// Responsible is who is notified about a service, and which hook may roll it back.
type Responsible struct {
	Owner string `yaml:"owner"` // the team's name, for people
	Chat  string `yaml:"chat"`  // a receiver; $owner.chat
	Pager string `yaml:"pager"` // a receiver; $owner.pager
	Hook  string `yaml:"hook"`  // a hook; $service.hook
}

// Alias is another name of a service: a repository, an Argo application, the tag of a
// flag. Its Responsible applies to the service.
type Alias struct {
	Name    string
	Service string
	Responsible
}

// servicesFile is the section as it is written.
type servicesFile struct {
	Discover string      `yaml:"discover"`
	Name     string      `yaml:"name"`
	Match    []string    `yaml:"match"`
	Calls    Calls       `yaml:"calls"`
	List     []Service   `yaml:"list"`
	File     string      `yaml:"file"`
	Aliases  string      `yaml:"aliases"`
	Default  Responsible `yaml:"default"`

	Patterns map[string]strictyaml.TextList `yaml:"patterns"`
	Paths    changes.Paths                  `yaml:"paths"`
}
