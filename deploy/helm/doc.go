// Package helm tests the chart in the folder pushback: it is linted and rendered as Helm does,
// and what comes out is decoded strictly by the types of the Kubernetes API, and checked by the
// code that admits pods to a restricted namespace. It is a module of its own, so that Helm's
// dependencies stay out of Pushback's.
package helm
