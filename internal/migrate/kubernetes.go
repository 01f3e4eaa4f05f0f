package migrate

import (
	"cmp"
	"strings"
)

// What all objects of Kubernetes have in common.

// readMeta marks what says which object it is, and the cluster's book-keeping.
func (d *document) readMeta() {
	d.field().get("apiVersion").text()
	d.field().get("metadata").text()
	names, values := d.field().get("metadata").keys()
	for i, name := range names {
		switch name {
		case "name", "namespace":
			values[i].text()
		default:
			values[i].ignore("it judges nothing")
		}
	}
	d.field().get("status").ignore("it judges nothing")
}

// isOf reports whether a document is of a kind of an API group; without an apiVersion the kind
// decides.
func (d *document) isOf(group string, kinds ...string) bool {
	version := d.field().get("apiVersion").text()
	if version != "" && !strings.HasPrefix(version, group+"/") {
		return false
	}
	for _, k := range kinds {
		if d.kind == k {
			return true
		}
	}
	return false
}

// reference is how one object names another.
type reference struct{ kind, namespace, name string }

// objects finds objects by what references say.
type objects struct {
	byName    map[reference]*document
	namespace string // of objects that do not say theirs
	used      map[*document]bool
}

func newObjects(namespace string) *objects {
	return &objects{map[reference]*document{}, namespace, map[*document]bool{}}
}

// namespaceOf is the namespace of an object, "" if neither it nor the command line says it.
func (o *objects) namespaceOf(d *document) string {
	return cmp.Or(d.field().get("metadata").get("namespace").text(), o.namespace)
}

// add makes an object known. The second of a name is listed: a cluster can have only one.
func (o *objects) add(d *document, namespaced bool) {
	r := reference{kind: d.kind, name: d.name}
	if namespaced {
		r.namespace = o.namespaceOf(d)
	}
	if o.byName[r] != nil {
		d.field().get("metadata").get("name").mention("another object of this kind, namespace and name comes before it, and is the one that others refer to", "delete one of them")
		return
	}
	o.byName[r] = d
}

// find returns an object, nil if the files do not have it.
func (o *objects) find(r reference) *document {
	d := o.byName[r]
	if d != nil {
		o.used[d] = true
	}
	return d
}

// inNamespace is how a message calls an object.
func inNamespace(name, namespace string) string {
	if namespace == "" {
		return name
	}
	return name + " of namespace " + namespace
}
