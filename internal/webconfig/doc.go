// Package webconfig serves by the web config file of Prometheus' exporter-toolkit: TLS, basic
// authentication, headers and a limit of requests. The format is the toolkit's, and so is the
// making of the TLS configuration. The rest is ours:
//
//   - The toolkit hashes one password at a time, without a bound on how many wait, and forgets
//     right ones when many wrong ones come: anybody could keep everybody out (adr/0094).
//   - It reads files that may be pipes or have no end, for every request.
package webconfig
