package daemon

import (
	"cmp"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/rules"
)

// CatalogueConfig is the services section as the catalogue takes it.
func CatalogueConfig(s config.Services) catalogue.Config {
	c := catalogue.Config{
		Discover: s.Discover, Probed: s.Probed, Calls: catalogue.Calls(s.Calls), Name: s.Name, Match: s.Match, Default: service("", nil, s.Default),
		Patterns: s.Patterns,
		Aliases:  map[string]string{}, Owners: map[string]rules.Service{}, Depends: map[string][]string{},
	}
	for _, one := range s.List {
		c.Depends[one.Name] = append(c.Depends[one.Name], one.DependsOn...)
		c.List = append(c.List, service(one.Name, one.Match, one.Responsible))
	}
	for _, a := range s.Aliases {
		if _, again := c.Aliases[a.Name]; !again {
			c.Aliases[a.Name] = a.Service
		}
		c.Owners[a.Service] = merged(c.Owners[a.Service], service(a.Service, nil, a.Responsible))
	}
	return c
}

func service(name string, match map[string]string, r config.Responsible) rules.Service {
	return rules.Service{Name: name, Match: match, Owner: r.Owner, Chat: r.Chat, Pager: r.Pager, Hook: r.Hook}
}

// merged prefers the values of an earlier line of the aliases file.
func merged(a, b rules.Service) rules.Service {
	return rules.Service{
		Name: b.Name, Owner: cmp.Or(a.Owner, b.Owner), Chat: cmp.Or(a.Chat, b.Chat),
		Pager: cmp.Or(a.Pager, b.Pager), Hook: cmp.Or(a.Hook, b.Hook),
	}
}
