//! Lists, sets and tuples.

pair!(Noticed a_longer_array before {} ([u8; 2]) [[1, 2]] after {} ([u8; 3]) [[1, 2, 3]]);
pair!(Widens an_array_to_a_list before {} ([u8; 2]) [[1, 2]] after {} (Vec<u8>) [vec![]]);
pair!(Noticed a_list_to_an_array before {} (Vec<u8>) [vec![]] after {} ([u8; 2]) [[1, 2]]);
pair!(Silent an_array_to_a_tuple before {} ([u8; 2]) [[1, 2]] after {} ((u8, u8)) [(1, 2)]);
pair!(Silent a_tuple_to_an_array before {} ((u8, u8)) [(1, 2)] after {} ([u8; 2]) [[1, 2]]);
pair!(Noticed a_tuple_to_a_longer_array before {} ((u8, u8)) [(1, 2)] after {} ([u8; 3]) [[1, 2, 3]]);
pair!(Widens a_tuple_to_a_list before {} ((u8, u8)) [(1, 2)] after {} (Vec<u8>) [vec![]]);
pair!(Noticed an_empty_array_to_one before {} ([u8; 0]) [[]] after {} ([u8; 1]) [[1]]);
pair!(Widens an_empty_array_to_a_list before {} ([u8; 0]) [[]] after {} (Vec<u8>) [vec![1]]);
pair!(Noticed a_list_to_an_empty_array before {} (Vec<u8>) [vec![1]] after {} ([u8; 0]) [[]]);
pair!(Silent a_list_to_a_deque before {} (Vec<u8>) [vec![2, 1, 1]] after {} (VecDeque<u8>) [[1].into()]);
pair!(Silent a_list_to_a_linked_list before {} (Vec<u8>) [vec![2, 1, 1]] after {} (LinkedList<u8>) [[1].into()]);
pair!(Noticed a_list_to_a_hash_set before {} (Vec<u8>) [vec![1, 1]] after {} (HashSet<u8>) [[1].into()]);
pair!(Noticed a_list_to_a_tree_set before {} (Vec<u8>) [vec![1, 1]] after {} (BTreeSet<u8>) [[1].into()]);
pair!(Widens a_set_to_a_list before {} (BTreeSet<u8>) [[1, 2].into()] after {} (Vec<u8>) [vec![1, 1]]);
pair!(Silent a_set_to_a_set before {} (HashSet<u8>) [[1].into()] after {} (BTreeSet<u8>) [[1].into()]);
pair!(Widens a_set_of_wider before {} (HashSet<u8>) [[1].into()] after {} (BTreeSet<u16>) [[300].into()]);
pair!(Widens a_list_of_lists before {} (Vec<Vec<u8>>) [vec![vec![1]]] after {} (Vec<VecDeque<u16>>) [vec![[300].into()]]);
pair!(Noticed a_place_added before {} ((u8, u8)) [(1, 2)] after {} ((u8, u8, u8)) [(1, 2, 3)]);
pair!(Noticed a_place_removed before {} ((u8, u8, u8)) [(1, 2, 3)] after {} ((u8, u8)) [(1, 2)]);
