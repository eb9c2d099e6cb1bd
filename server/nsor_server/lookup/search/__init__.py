"""Search by name: an officer looks for whom his grant, ticket or court case names, or his prosecution's case holds."""
