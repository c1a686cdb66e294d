"""An installation as a document: reading one, importing it, writing one.

`reading` turns files into entries, `checking` makes items with typed values of them, and `applying` has a
module for each kind, which calls the services that pages use, so that no rule is written down twice.
`importing` holds it together; `exporting` is the way back.
"""
