//! Cycles: of each strongly connected component, one shortest cycle, edge by edge.

use std::collections::VecDeque;

use syn::Ident;

use super::analysis::{Analysis, ScopeId};
use crate::diagnostics::Errors;
use crate::ordered::Set;

/// Reports each cycle among a scope's equations; says whether there is none.
pub(crate) fn report(analysis: &Analysis<'_>, scope: ScopeId, errors: &mut Errors) -> bool {
    let info = &analysis.scopes[scope];
    let count = info.scope.equations.len();
    let edges: Vec<Vec<usize>> = (0..count)
        .map(|idx| {
            let named = info.reads[idx].keys().chain(info.after[idx].keys());
            named.copied().collect::<Set<_>>().into_iter().collect()
        })
        .collect();
    let mut clean = true;
    for component in components(&edges) {
        let Some(cycle) = shortest(&edges, &component) else {
            continue;
        };
        clean = false;
        errors.push(describe(analysis, scope, &cycle));
    }
    clean
}

/// One error for a cycle: its first edge has the words, every edge is underlined.
fn describe(analysis: &Analysis<'_>, scope: ScopeId, cycle: &[usize]) -> syn::Error {
    let info = &analysis.scopes[scope];
    let name = |idx: usize| info.scope.equations[idx].title();
    let edge = |from: usize, to: usize| -> &Ident {
        info.reads[from]
            .get(&to)
            .or_else(|| info.after[from].get(&to))
            .unwrap_or(&info.scope.equations[from].ident)
    };
    if let [only] = cycle {
        let own = name(*only);
        let message = if info.reads[*only].contains_key(only) {
            format!(
                "`{own}` is defined by itself: an equation is not an assignment, so give the new value a name of its own"
            )
        } else {
            format!("`{own}` cannot wait for itself: remove it from `after`")
        };
        return syn::Error::new(edge(*only, *only).span(), message);
    }
    let mut path: Vec<String> = cycle
        .iter()
        .map(|idx| format!("`{}`", name(*idx)))
        .collect();
    path.push(path[0].clone());
    let mut combined: Option<syn::Error> = None;
    for (position, &from) in cycle.iter().enumerate() {
        let to = cycle[(position + 1) % cycle.len()];
        let message = match combined {
            None => format!(
                "these nodes wait for each other, so that none can start: {}",
                path.join(" needs ")
            ),
            Some(_) => format!("`{}` needs `{}` here", name(from), name(to)),
        };
        let error = syn::Error::new(edge(from, to).span(), message);
        match &mut combined {
            None => combined = Some(error),
            Some(combined) => combined.combine(error),
        }
    }
    combined.unwrap_or_else(|| syn::Error::new(proc_macro2::Span::call_site(), "a cycle"))
}

/// The strongly connected components that hold a cycle (Tarjan's algorithm without recursion).
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Set<usize>> {
    struct Visit {
        node: usize,
        next: usize,
    }
    let count = edges.len();
    let (mut index, mut low) = (vec![usize::MAX; count], vec![0; count]);
    let (mut on_stack, mut stack) = (vec![false; count], Vec::new());
    let (mut components, mut counter) = (Vec::new(), 0);
    for root in 0..count {
        if index[root] != usize::MAX {
            continue;
        }
        let mut visits = vec![Visit {
            node: root,
            next: 0,
        }];
        while let Some(visit) = visits.last_mut() {
            let node = visit.node;
            if visit.next == 0 {
                index[node] = counter;
                low[node] = counter;
                counter += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&next) = edges[node].get(visit.next) {
                visit.next += 1;
                if index[next] == usize::MAX {
                    visits.push(Visit {
                        node: next,
                        next: 0,
                    });
                } else if on_stack[next] {
                    low[node] = low[node].min(index[next]);
                }
                continue;
            }
            visits.pop();
            if let Some(above) = visits.last() {
                low[above.node] = low[above.node].min(low[node]);
            }
            if low[node] == index[node] {
                let mut component = Set::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.insert(member);
                    if member == node {
                        break;
                    }
                }
                if component.len() > 1 || edges[node].contains(&node) {
                    components.push(component);
                }
            }
        }
    }
    components.sort_unstable_by_key(|component| component.first().copied());
    components
}

/// A shortest cycle within a component, from its first node in the source that lies on one.
pub(super) fn shortest(edges: &[Vec<usize>], component: &Set<usize>) -> Option<Vec<usize>> {
    component
        .iter()
        .filter_map(|&start| cycle_from(edges, component, start))
        .min_by_key(Vec::len)
}

/// The shortest cycle through a node, by breadth first.
fn cycle_from(edges: &[Vec<usize>], component: &Set<usize>, start: usize) -> Option<Vec<usize>> {
    let mut came_from = vec![None; edges.len()];
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for &next in edges[node].iter().filter(|next| component.contains(next)) {
            if next == start {
                let mut cycle = vec![node];
                let mut at = node;
                while at != start {
                    at = came_from[at]?;
                    cycle.push(at);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if came_from[next].is_none() {
                came_from[next] = Some(node);
                open.push_back(next);
            }
        }
    }
    None
}
