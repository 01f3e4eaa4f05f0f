package migrate

import "strings"

// storeOf returns the name of the metric store with an address. Where the command line does not
// say it, the rule asks the default store, and the address is listed.
func (c *converter) storeOf(address field, args variables) string {
	if !address.exists() {
		return ""
	}
	text, problem := args.substitute(address.text())
	if problem != nil {
		address.leave(problem.reason+"; the rule asks the default metric store", problem.instead)
		return ""
	}
	if text == "" {
		return ""
	}
	name, ok := c.options.Stores[strings.TrimRight(text, "/")]
	if !ok {
		address.leave("the rule asks the default metric store of pushback.yml, whether or not it is this one", "if it is another, give it a name under metrics of pushback.yml, and add --store ADDRESS=NAME here")
	}
	return name
}

// leaveStore lists how a metric store is reached.
func leaveStore(at field, names ...string) {
	for _, name := range names {
		at.get(name).leave("how a metric store is reached is not said in rules", "write it under metrics in pushback.yml: url, and http with headers, tls_config, basic_auth or oauth2")
	}
}
