package config

// Services is the service catalogue: how the name a deploy tool uses becomes
// labels in the metric store, and who answers for it.
//
// Discover is an expression of the default metric store, which the engine asks
// again and again. Each series of the answer is one service: the value of its
// label Name is what the service is called, and the labels listed in Match,
// with that series' values, become $match in the rules' queries. For
//
//	discover: group by (job, namespace) (up{env="production"})
//	name: job
//	match: [job, namespace]
//
// the series {job="cart", namespace="shop"} makes the service "cart", and
// $match becomes job="cart",namespace="shop". A series without the label Name
// is no service. Several series of one name are one service, selected by the
// labels on which they all agree: the expression has already said which of
// them belong together.
//
// List, and a file that holds the same list, say it by hand and win over
// discovery: what a person wrote was meant. With neither, every name is taken
// to be a service whose label Name has that value.
type Services struct {
	Discover string
	Name     string   // "job" unless said
	Match    []string // Name alone unless said
	Calls    Calls    // which service calls which, for rules that judge neighbours
	List     []Service
	Aliases  []Alias
	Default  Responsible // for services of which nothing better is known
}

// Calls is an expression of the default metric store, each series of whose
// answer is one service calling another: the labels Caller and Callee name the
// two, and the value says how busy the edge is.
type Calls struct {
	Query  string `yaml:"query" required:"true"`
	Caller string `yaml:"caller"` // "client" unless said
	Callee string `yaml:"callee"` // "server" unless said
}

// Service is one service as a person listed it.
type Service struct {
	Name        string            `yaml:"name" required:"true"`
	Match       map[string]string `yaml:"match"`      // labels and values; becomes $match
	DependsOn   []string          `yaml:"depends_on"` // services whose changes may be what is wrong with this one
	Responsible `yaml:",inline"`
}

// Responsible is who is told about a service, and what may roll it back.
type Responsible struct {
	Owner string `yaml:"owner"` // the team's name, for people
	Chat  string `yaml:"chat"`  // a receiver; $owner.chat
	Pager string `yaml:"pager"` // a receiver; $owner.pager
	Hook  string `yaml:"hook"`  // a hook; $service.hook
}

// Alias is another name of a service: a repository, an Argo application, a
// flag's tag. What it says of who is responsible goes for the service.
type Alias struct {
	Name    string
	Service string
	Responsible
}

// servicesFile is the section as it stands in the file.
type servicesFile struct {
	Discover string      `yaml:"discover"`
	Name     string      `yaml:"name"`
	Match    []string    `yaml:"match"`
	Calls    Calls       `yaml:"calls"`
	List     []Service   `yaml:"list"`
	File     string      `yaml:"file"`
	Aliases  string      `yaml:"aliases"`
	Default  Responsible `yaml:"default"`
}
