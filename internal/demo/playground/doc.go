// Package playground prepares what docker-compose.yml runs: it makes the secrets that the
// programs share, new ones for each installation, and gives Pushback an account on Grafana, so
// that changes are marked there from the first start on.
package playground
